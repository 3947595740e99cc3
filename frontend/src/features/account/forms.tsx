import { Alert, Button, PasswordInput, TextInput } from "@mantine/core";
import { type FormErrors, useForm } from "@mantine/form";
import { useTranslation } from "react-i18next";
import { ApiError } from "~/api/client";
import { useSignIn, useSignUp } from "~/api/session";
import { errorSentence, fieldSentences } from "~/components/sentence";
import { knownLanguage } from "~/i18n";
import classes from "./entry.module.css";

const EMAIL = /^\S+@\S+\.\S+$/;

/** Server-side sentences belong at their fields; what has no field stays above the form. */
function fieldErrors(error: unknown): FormErrors {
  return error instanceof ApiError ? fieldSentences(error) : {};
}

function FormFailure({ error }: { error: unknown }) {
  if (!error || Object.keys(fieldErrors(error)).length > 0) return null;
  return (
    <Alert color="red" variant="light" role="alert">
      {errorSentence(error)}
    </Alert>
  );
}

export function SignInForm({ onDone }: { onDone?: () => void }) {
  const { t } = useTranslation();
  const signIn = useSignIn();
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { email: "", password: "" },
    validate: {
      email: (value) => (EMAIL.test(value) ? null : t("account.emailInvalid")),
      password: (value) => (value ? null : t("account.passwordMissing")),
    },
  });
  return (
    <form
      className={classes.form}
      noValidate
      onSubmit={form.onSubmit(async (values) => {
        try {
          // Awaited, because the page may replace this form as soon as there is a session.
          await signIn.mutateAsync(values);
          onDone?.();
        } catch (error) {
          form.setErrors(fieldErrors(error));
        }
      })}
    >
      <FormFailure error={signIn.error} />
      <TextInput
        label={t("account.email")}
        type="email"
        autoComplete="username"
        key={form.key("email")}
        {...form.getInputProps("email")}
      />
      <PasswordInput
        label={t("account.password")}
        autoComplete="current-password"
        visibilityToggleButtonProps={{ "aria-label": t("account.showPassword") }}
        key={form.key("password")}
        {...form.getInputProps("password")}
      />
      <Button type="submit" loading={signIn.isPending} fullWidth>
        {t("account.signIn")}
      </Button>
    </form>
  );
}

export function SignUpForm({
  invitation,
  email = "",
  onDone,
}: {
  invitation?: string;
  email?: string;
  onDone?: () => void;
}) {
  const { t, i18n } = useTranslation();
  const signUp = useSignUp();
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { name: "", email, password: "" },
    validate: {
      name: (value) => (value.trim() ? null : t("account.nameMissing")),
      email: (value) => (EMAIL.test(value) ? null : t("account.emailInvalid")),
      password: (value) => (value.length >= 10 ? null : t("account.passwordShort")),
    },
  });
  return (
    <form
      className={classes.form}
      noValidate
      onSubmit={form.onSubmit(async (values) => {
        const language = knownLanguage(i18n.language) ?? "en";
        try {
          await signUp.mutateAsync({ ...values, invitation, language });
          onDone?.();
        } catch (error) {
          form.setErrors(fieldErrors(error));
        }
      })}
    >
      <FormFailure error={signUp.error} />
      <TextInput
        label={t("account.name")}
        description={t("account.nameHint")}
        autoComplete="name"
        key={form.key("name")}
        {...form.getInputProps("name")}
      />
      <TextInput
        label={t("account.email")}
        type="email"
        autoComplete="username"
        key={form.key("email")}
        {...form.getInputProps("email")}
      />
      <PasswordInput
        label={t("account.password")}
        description={t("account.passwordHint")}
        autoComplete="new-password"
        visibilityToggleButtonProps={{ "aria-label": t("account.showPassword") }}
        key={form.key("password")}
        {...form.getInputProps("password")}
      />
      <Button type="submit" loading={signUp.isPending} fullWidth>
        {t("account.signUp")}
      </Button>
    </form>
  );
}
