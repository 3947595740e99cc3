import { Alert, Button, CopyButton, Table, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { notifications } from "@mantine/notifications";
import { useTranslation } from "react-i18next";
import { useCreateToken, useRevokeToken, useTokens } from "~/api/session";
import type { Token } from "~/api/types";
import { ago } from "~/components/format";
import { Section } from "~/components/page";
import { errorSentence, Loaded } from "~/components/sentence";
import classes from "./account.module.css";

export function Tokens() {
  const { t } = useTranslation();
  const tokens = useTokens();
  const create = useCreateToken();
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { name: "" },
    validate: { name: (value) => (value.trim() ? null : t("account.tokenNameMissing")) },
  });
  return (
    <Section title={t("account.tokensTitle")}>
      <div className="panel">
        <p className="quiet" style={{ marginTop: 0 }}>
          {t("account.tokensLead")}
        </p>
        <Loaded query={tokens}>
          {(list) =>
            list.length === 0 ? (
              <p className="quiet">{t("account.tokensEmpty")}</p>
            ) : (
              <TokenTable tokens={list} />
            )
          }
        </Loaded>
        <form
          className={classes.row}
          onSubmit={form.onSubmit((values) =>
            create.mutate(values, {
              onSuccess: () => form.reset(),
              onError: (error) =>
                notifications.show({ color: "red", message: errorSentence(error) }),
            }),
          )}
        >
          <TextInput
            className={classes.grow}
            label={t("account.tokenName")}
            description={t("account.tokenNameHint")}
            key={form.key("name")}
            {...form.getInputProps("name")}
          />
          <Button type="submit" variant="default" loading={create.isPending}>
            {t("account.tokenCreate")}
          </Button>
        </form>
        {create.data?.token && <Secret token={create.data.token} />}
      </div>
    </Section>
  );
}

function Secret({ token }: { token: string }) {
  const { t } = useTranslation();
  return (
    <Alert mt="md" variant="light" title={t("account.tokenOnce")} role="status">
      <div className={classes.secret}>
        <code>{token}</code>
        <CopyButton value={token}>
          {({ copied, copy }) => (
            <Button size="xs" onClick={copy}>
              {copied ? t("action.copied") : t("action.copy")}
            </Button>
          )}
        </CopyButton>
      </div>
    </Alert>
  );
}

function TokenTable({ tokens }: { tokens: Token[] }) {
  const { t } = useTranslation();
  const revoke = useRevokeToken();
  return (
    <Table.ScrollContainer minWidth={480} mb="md">
      <Table>
        <Table.Thead>
          <Table.Tr>
            <Table.Th>{t("account.tokenName")}</Table.Th>
            <Table.Th>{t("account.tokenBegins")}</Table.Th>
            <Table.Th>{t("account.tokenCreated")}</Table.Th>
            <Table.Th>{t("account.tokenLastUsed")}</Table.Th>
            <Table.Th>
              <span className="visually-hidden">{t("action.column")}</span>
            </Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tokens.map((token) => (
            <Table.Tr key={token.id}>
              <Table.Td>{token.name}</Table.Td>
              <Table.Td>
                <code>{token.prefix}…</code>
              </Table.Td>
              <Table.Td>{ago(token.created_at)}</Table.Td>
              <Table.Td>{token.last_used_at ? ago(token.last_used_at) : t("never")}</Table.Td>
              <Table.Td ta="right">
                <Button
                  size="compact-sm"
                  variant="subtle"
                  color="red"
                  aria-label={`${t("action.remove")}: ${token.name}`}
                  onClick={() =>
                    revoke.mutate(token.id, {
                      onSuccess: () =>
                        notifications.show({
                          message: t("account.tokenRevoked", { name: token.name }),
                        }),
                    })
                  }
                >
                  {t("action.remove")}
                </Button>
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}
