"""How django-allauth is set up; what of it is a matter of configuration stands in settings.py."""

from datetime import timedelta

INVITATION_AGE = timedelta(hours=72)
RESET_AGE = timedelta(hours=1)

AUTHENTICATION_BACKENDS = ["conversations_ui.accounts.backends.PasswordBackend"]
# The longest that any link to choose a password lives; links.py ends those of resets before.
PASSWORD_RESET_TIMEOUT = int(INVITATION_AGE.total_seconds())
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 15},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "conversations_ui.accounts.passwords.GuessableValidator"},
]

ACCOUNT_ADAPTER = "conversations_ui.accounts.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"username"}  # mail addresses too, but our backend looks them up
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]  # of a sign-up there is no route to
ACCOUNT_EMAIL_VERIFICATION = "none"  # addresses come from administrators
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
# accounts/throttling.py counts instead: by account and address together, and it knows the seconds.
ACCOUNT_RATE_LIMITS = False
MFA_RATE_LIMITS = False

MFA_ADAPTER = "conversations_ui.accounts.adapters.SecondFactorAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # there are none but the administrators' word
MFA_TOTP_ISSUER = "Conversations"
MFA_TOTP_TOLERANCE = 1  # steps of 30 seconds that a clock may be wrong
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_RECOVERY_CODE_DIGITS = 12
MFA_FORMS = {
    "authenticate": "conversations_ui.views.sign_in_forms.CodeForm",
    "reauthenticate": "conversations_ui.views.sign_in_forms.CodeAgainForm",
    "activate_totp": "conversations_ui.views.sign_in_forms.NewAppForm",
    "add_webauthn": "conversations_ui.views.sign_in_forms.NewPasskeyForm",
    "edit_webauthn": "conversations_ui.views.sign_in_forms.PasskeyNameForm",
    "authenticate_webauthn": "conversations_ui.views.sign_in_forms.PasskeyForm",
    "reauthenticate_webauthn": "conversations_ui.views.sign_in_forms.PasskeyAgainForm",
    "login_webauthn": "conversations_ui.views.sign_in_forms.PasskeyAloneForm",
}

SOCIALACCOUNT_ADAPTER = "conversations_ui.accounts.adapters.SingleSignOnAdapter"
SOCIALACCOUNT_EMAIL_VERIFICATION = "none"
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False  # the adapter matches, more strictly
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
