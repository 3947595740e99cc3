import { Button, Modal, SegmentedControl, Table, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useCheckpoints, useRegisterCheckpoint } from "~/api/training";
import type { Project } from "~/api/types";
import { ago } from "~/components/format";
import { useCheckpointKind, useMethodName } from "~/components/method-name";
import { notifyFailure } from "~/components/notify";
import { Loaded, Sentence } from "~/components/sentence";
import classes from "./projects.module.css";

export function Checkpoints({ project, editable }: { project: Project; editable: boolean }) {
  const { t } = useTranslation();
  const checkpoints = useCheckpoints(project.id);
  const methodName = useMethodName();
  const kindName = useCheckpointKind();
  const [registering, dialog] = useDisclosure(false);
  const register = editable && (
    <Button variant="default" onClick={dialog.open}>
      {t("projects.registerModel")}
    </Button>
  );
  return (
    <>
      <Loaded query={checkpoints}>
        {(list) =>
          list.length === 0 ? (
            <Sentence action={register}>{t("projects.noCheckpoints")}</Sentence>
          ) : (
            <>
              <div className={classes.toolbar}>{register}</div>
              <Table.ScrollContainer minWidth={520}>
                <Table>
                  <Table.Thead>
                    <Table.Tr>
                      <Table.Th>{t("ladder.checkpoint")}</Table.Th>
                      <Table.Th>{t("training.kind")}</Table.Th>
                      <Table.Th>{t("training.method")}</Table.Th>
                      <Table.Th>{t("training.roundName")}</Table.Th>
                      <Table.Th ta="right">{t("training.created")}</Table.Th>
                    </Table.Tr>
                  </Table.Thead>
                  <Table.Tbody>
                    {list.map((checkpoint) => (
                      <Table.Tr key={checkpoint.id}>
                        <Table.Td>
                          <Link to={`/checkpoints/${checkpoint.id}`}>{checkpoint.name}</Link>
                        </Table.Td>
                        <Table.Td>{kindName(checkpoint.kind)}</Table.Td>
                        <Table.Td>{methodName(checkpoint.method)}</Table.Td>
                        <Table.Td>
                          {checkpoint.round && (
                            <Link to={`/rounds/${checkpoint.round.id}`}>
                              {t("round", { number: checkpoint.round.number })}
                            </Link>
                          )}
                        </Table.Td>
                        <Table.Td ta="right">{ago(checkpoint.created_at)}</Table.Td>
                      </Table.Tr>
                    ))}
                  </Table.Tbody>
                </Table>
              </Table.ScrollContainer>
            </>
          )
        }
      </Loaded>
      <Modal
        opened={registering}
        onClose={dialog.close}
        title={t("projects.registerModel")}
        centered
      >
        <RegisterForm projectId={project.id} onDone={dialog.close} />
      </Modal>
    </>
  );
}

function RegisterForm({ projectId, onDone }: { projectId: string; onDone: () => void }) {
  const { t } = useTranslation();
  const register = useRegisterCheckpoint(projectId);
  const kindName = useCheckpointKind();
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { name: "", path: "", kind: "base" as "base" | "policy" | "reward" },
    validate: {
      name: (value) => (value.trim() ? null : t("projects.modelNameMissing")),
      path: (value) => (value.trim() ? null : t("projects.modelPathMissing")),
    },
  });
  return (
    <form
      className={classes.form}
      onSubmit={form.onSubmit((values) =>
        register.mutate(values, { onSuccess: onDone, onError: notifyFailure }),
      )}
    >
      <TextInput
        data-autofocus
        label={t("projects.name")}
        key={form.key("name")}
        {...form.getInputProps("name")}
      />
      <TextInput
        label={t("projects.modelPath")}
        description={t("projects.modelPathHint")}
        key={form.key("path")}
        {...form.getInputProps("path")}
      />
      <SegmentedControl
        aria-label={t("training.kind")}
        data={["base", "policy", "reward"].map((value) => ({ value, label: kindName(value) }))}
        key={form.key("kind")}
        {...form.getInputProps("kind")}
      />
      <Button type="submit" loading={register.isPending}>
        {t("projects.register")}
      </Button>
    </form>
  );
}
