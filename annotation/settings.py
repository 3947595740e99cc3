"""The one settings file. Everything an operator may change comes from the environment.

An unknown `WHETSTONE_*` name stops the start with a sentence: a misspelt setting is never ignored.
"""

import os
import secrets
from pathlib import Path

import dj_database_url
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent

# Name -> what it does. `docs/operating.md` shows this table; a test holds the two together.
KNOWN = {
    "WHETSTONE_SECRET_KEY": "signs sessions and invitations; made once and kept in the storage",
    "WHETSTONE_DEBUG": "1 shows tracebacks in the browser; never on a reachable machine",
    "WHETSTONE_HOSTS": "comma-separated host names this site answers to",
    "WHETSTONE_ORIGINS": "comma-separated origins (https://...) trusted for forms behind a proxy",
    "WHETSTONE_STORAGE": "folder for the database, runs, checkpoints and datasets (default var/)",
    "WHETSTONE_SIGNUP": "1 lets anybody create an account; 0 (default) needs an invitation",
    "WHETSTONE_HTTPS": "1 marks cookies secure and redirects plain HTTP",
    "WHETSTONE_LAUNCHER": "local (default) or ray",
    "WHETSTONE_RAY_ADDRESS": "address of the Ray dashboard, for example http://head:8265",
    "WHETSTONE_GPUS": "GPU slots of this machine; default: none, jobs run on the CPU",
    "WHETSTONE_JOBS": "jobs running at once (default 1)",
    "WHETSTONE_THREADS": "CPU threads of one job (default: all cores)",
    "WHETSTONE_ALLOW_HUB": "1 lets jobs download models from the Hugging Face hub",
    "WHETSTONE_WORKER_SECONDS": "pause between two looks of the worker (default 1.0)",
    "WHETSTONE_EMAIL_FROM": "sender of mail",
}


VERSION = "0.1.0"


def _env(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def _flag(name: str) -> bool:
    value = _env(name, "0").lower()
    if value not in {"0", "1", "true", "false", "yes", "no", ""}:
        raise ImproperlyConfigured(f"{name} expects 0 or 1, got {value!r}.")
    return value in {"1", "true", "yes"}


def _number(name: str, default: float, *, least: float) -> float:
    text = _env(name)
    try:
        value = float(text) if text else default
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} expects a number, got {text!r}.") from error
    if value < least:
        raise ImproperlyConfigured(f"{name} expects at least {least:g}, got {text}.")
    return value


def _names(name: str) -> list[str]:
    return [part.strip() for part in _env(name).split(",") if part.strip()]


_unknown = sorted(n for n in os.environ if n.startswith("WHETSTONE_") and n not in KNOWN)
if _unknown:
    raise ImproperlyConfigured(
        f"Unknown setting {', '.join(_unknown)}. Known settings: {', '.join(KNOWN)}."
    )

STORAGE_DIR = Path(_env("WHETSTONE_STORAGE") or BASE_DIR / "var").resolve()
STORAGE_DIR.mkdir(parents=True, exist_ok=True)


def _kept_secret() -> str:
    """The secret key, made once per storage; created exclusively so two first starts agree."""
    path = STORAGE_DIR / "secret_key"
    try:
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(50))
    except FileExistsError:
        pass
    return path.read_text()


DEBUG = _flag("WHETSTONE_DEBUG")
SECRET_KEY = _env("WHETSTONE_SECRET_KEY") or _kept_secret()
ALLOWED_HOSTS = _names("WHETSTONE_HOSTS") or ["localhost", "127.0.0.1", "[::1]", "testserver"]
CSRF_TRUSTED_ORIGINS = _names("WHETSTONE_ORIGINS")
SIGNUP_OPEN = _flag("WHETSTONE_SIGNUP")

LAUNCHER = _env("WHETSTONE_LAUNCHER", "local")
if LAUNCHER not in {"local", "ray"}:
    raise ImproperlyConfigured(f"WHETSTONE_LAUNCHER expects local or ray, got {LAUNCHER!r}.")
RAY_ADDRESS = _env("WHETSTONE_RAY_ADDRESS")
GPU_SLOTS = int(_number("WHETSTONE_GPUS", 0, least=0))
JOB_SLOTS = int(_number("WHETSTONE_JOBS", max(1, GPU_SLOTS), least=1))
JOB_THREADS = int(_number("WHETSTONE_THREADS", os.cpu_count() or 1, least=1))
ALLOW_HUB = _flag("WHETSTONE_ALLOW_HUB")
WORKER_SECONDS = _number("WHETSTONE_WORKER_SECONDS", 1.0, least=0.01)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.headless",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "channels",
    "annotation",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
]

ROOT_URLCONF = "annotation.urls"
ASGI_APPLICATION = "annotation.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {"context_processors": ["django.template.context_processors.request"]},
    }
]

DATABASES = {
    "default": dj_database_url.parse(
        _env("DATABASE_URL") or f"sqlite:///{STORAGE_DIR / 'db.sqlite3'}"
    )
}
_database = DATABASES["default"]
if _database["ENGINE"] == "django.db.backends.sqlite3":
    # Requests are answered by a few threads that live as long as the process, and so may their
    # connections: opening one takes longer than a labeler's answer.
    _database["CONN_MAX_AGE"] = None
    _database["OPTIONS"] = {
        # A write transaction takes its lock at the start, so two writers queue up
        # instead of both reading and one of them failing at its first write.
        "transaction_mode": "IMMEDIATE",
        "timeout": 30,
        # FULL: a label the browser was told about survives a power cut, not only a kill.
        "init_command": (
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-65536;"
            "PRAGMA temp_store=MEMORY;"
        ),
    }
else:
    _database["OPTIONS"] = {"pool": {"min_size": 2, "max_size": 24, "timeout": 30}}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

REDIS_URL = _env("REDIS_URL")
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [REDIS_URL]},
    }
    if REDIS_URL
    else {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}
CACHES = {
    "default": {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": REDIS_URL}
    if REDIS_URL
    else {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
}

AUTH_USER_MODEL = "annotation.User"
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "allauth.account.auth_backends.AuthenticationBackend",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
    )
]
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_ADAPTER = "annotation.accounts.AccountAdapter"
HEADLESS_ONLY = True
HEADLESS_FRONTEND_URLS = {
    "account_reset_password_from_key": "/reset-password/{key}",
    "account_signup": "/sign-up",
}
MFA_SUPPORTED_TYPES = ["totp", "recovery_codes"]
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = _flag("WHETSTONE_HTTPS")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if SESSION_COOKIE_SECURE else None
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
DEFAULT_FROM_EMAIL = _env("WHETSTONE_EMAIL_FROM", "whetstone@localhost")

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "style-src": ["'self'", "'unsafe-inline'"],
        "font-src": ["'self'", "data:"],
        "connect-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "annotation.api.authentication.TokenAuthentication",
        "annotation.api.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "annotation.api.pagination.Pages",
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "annotation.api.errors.handle",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Whetstone",
    "DESCRIPTION": "Everything the browser does, for scripts too.",
    "VERSION": VERSION,
    "SERVE_INCLUDE_SCHEMA": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/",
    "ENUM_NAME_OVERRIDES": {
        "Role": "annotation.models.team.Role",
        "Speaker": ["system", "user", "assistant"],
        "InvitationState": ["open", "accepted", "revoked", "expired"],
        "PolicyKind": "annotation.models.project.Project.PolicyKind",
        "TaskKind": "annotation.models.project.TaskKind",
        "RoundState": "annotation.models.round.Round.State",
        "RoundStage": "annotation.api.rounds.STAGES_SHOWN",
        "StepStage": "annotation.api.rounds.STEP_STAGES",
        "StepState": "annotation.models.step.RoundStep.State",
        "StepKind": "annotation.api.rounds.STEP_KINDS",
        "JobState": "annotation.models.job.Job.State",
        "CheckpointKind": "annotation.models.checkpoint.Checkpoint.Kind",
        "DatasetKind": "annotation.models.dataset.Dataset.Kind",
        "MembershipStatus": "annotation.models.team.Membership.Status",
        "ResponseSource": "annotation.models.response.Response.Source",
    },
    "POSTPROCESSING_HOOKS": [
        "drf_spectacular.hooks.postprocess_schema_enums",
        "annotation.api.schema.add_refusals",
    ],
}

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"

STATIC_URL = "/static/"
STATIC_ROOT = STORAGE_DIR / "static"
STATIC_ROOT.mkdir(exist_ok=True)
FRONTEND_DIR = BASE_DIR / "frontend" / "dist"
STATICFILES_DIRS = [FRONTEND_DIR] if FRONTEND_DIR.is_dir() else []
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {"annotation": {"level": "INFO"}},
}
