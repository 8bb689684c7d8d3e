"""Who may read a sub-account: grants in place of two bare lists."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models

import conversations_ui.accounts.models


def to_grants(apps, schema_editor):
    """Give everybody listed the whole sub-account, as before."""
    Grant = apps.get_model("accounts", "Grant")
    SubAccount = apps.get_model("accounts", "SubAccount")
    for field in ("user", "group"):
        listed = getattr(SubAccount, f"{field}s").through
        Grant.objects.bulk_create(
            Grant(
                **{"sub_account_id": row.subaccount_id, f"{field}_id": getattr(row, f"{field}_id")}
            )
            for row in listed.objects.order_by("pk").iterator()
        )


def to_lists(apps, schema_editor):
    """List again whoever may see all of a sub-account; nobody gets to see more than before."""
    Grant = apps.get_model("accounts", "Grant")
    SubAccount = apps.get_model("accounts", "SubAccount")
    whole = Grant.objects.filter(
        withhold_comments=False, withhold_recordings=False, withhold_contact=False
    )
    for grant in whole.iterator():
        if grant.assigned_to:
            continue
        field = "user" if grant.user_id else "group"
        listed = getattr(SubAccount, f"{field}s").through
        listed.objects.get_or_create(
            **{"subaccount_id": grant.sub_account_id, f"{field}_id": getattr(grant, f"{field}_id")}
        )


class Migration(migrations.Migration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("accounts", "0002_connections"),
    ]
    operations = [
        migrations.CreateModel(
            name="Grant",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "role",
                    models.CharField(
                        choices=[
                            ("reader", "reader: reads"),
                            ("lead", "lead: reads, exports, sees who has read"),
                        ],
                        default="reader",
                        max_length=16,
                        verbose_name="role",
                    ),
                ),
                (
                    "assigned_to",
                    models.JSONField(
                        blank=True,
                        default=list,
                        validators=[conversations_ui.accounts.models.validate_assigned_to],
                        verbose_name="only conversations assigned to",
                    ),
                ),
                (
                    "withhold_comments",
                    models.BooleanField(default=False, verbose_name="withhold internal comments"),
                ),
                (
                    "withhold_recordings",
                    models.BooleanField(default=False, verbose_name="withhold recordings"),
                ),
                (
                    "withhold_contact",
                    models.BooleanField(default=False, verbose_name="withhold contact details"),
                ),
                (
                    "group",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="grants",
                        to="auth.group",
                        verbose_name="group",
                    ),
                ),
                (
                    "sub_account",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="grants",
                        to="accounts.subaccount",
                        verbose_name="sub-account",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="grants",
                        to=settings.AUTH_USER_MODEL,
                        verbose_name="person",
                    ),
                ),
            ],
            options={
                "verbose_name": "grant",
                "verbose_name_plural": "grants",
                "ordering": ("sub_account", "pk"),
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("user__isnull", True), ("group__isnull", True), _connector="XOR"
                        ),
                        name="grant_to_a_person_or_a_group",
                        violation_error_message="Choose either a person or a group.",
                    )
                ],
            },
        ),
        migrations.RunPython(to_grants, to_lists),
        migrations.RemoveField(model_name="subaccount", name="users"),
        migrations.RemoveField(model_name="subaccount", name="groups"),
    ]
