from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_grants"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReadLogHead",
            fields=[
                ("id", models.SmallIntegerField(default=1, primary_key=True, serialize=False)),
                ("encrypted_key", models.TextField()),
                ("number", models.BigIntegerField(default=0)),
                ("hash", models.CharField(blank=True, max_length=64)),
                ("cut_number", models.BigIntegerField(default=0)),
                ("cut_hash", models.CharField(blank=True, max_length=64)),
                ("cut_looked", models.DateTimeField(null=True)),
                ("mark", models.CharField(blank=True, max_length=64)),
            ],
        ),
        migrations.CreateModel(
            name="Reading",
            fields=[
                (
                    "number",
                    models.BigIntegerField(
                        primary_key=True, serialize=False, verbose_name="number"
                    ),
                ),
                ("at", models.DateTimeField(verbose_name="when")),
                ("user_id", models.BigIntegerField(verbose_name="person's number")),
                ("username", models.CharField(max_length=150, verbose_name="person")),
                (
                    "action",
                    models.CharField(
                        choices=[
                            ("list", "list of conversations"),
                            ("search", "search"),
                            ("thread", "conversation"),
                            ("mail", "email"),
                            ("pictures", "email with remote pictures"),
                            ("source", "email source"),
                            ("mail-file", "email, downloaded"),
                            ("recording", "recording"),
                            ("recording-file", "recording, downloaded"),
                            ("transcript", "transcript"),
                            ("attachment", "attachment"),
                            ("export", "export of a conversation"),
                            ("log", "read log"),
                            ("log-export", "export of the read log"),
                        ],
                        max_length=16,
                        verbose_name="opened",
                    ),
                ),
                (
                    "location_id",
                    models.CharField(blank=True, max_length=64, verbose_name="location id"),
                ),
                (
                    "conversation_id",
                    models.CharField(blank=True, max_length=64, verbose_name="conversation id"),
                ),
                ("object_id", models.CharField(blank=True, max_length=80, verbose_name="object")),
                ("address", models.CharField(blank=True, max_length=45, verbose_name="address")),
                (
                    "previous",
                    models.CharField(max_length=64, verbose_name="hash of the row before"),
                ),
                ("hash", models.CharField(max_length=64, verbose_name="hash")),
            ],
            options={
                "verbose_name": "reading",
                "verbose_name_plural": "read log",
                "ordering": ("-number",),
                "indexes": [
                    models.Index(
                        fields=["location_id", "conversation_id", "user_id", "at"],
                        name="accounts_re_locatio_1068fc_idx",
                    ),
                    models.Index(
                        fields=["location_id", "number"], name="accounts_re_locatio_06c54e_idx"
                    ),
                    models.Index(fields=["at"], name="accounts_re_at_047d5e_idx"),
                ],
            },
        ),
    ]
