import { Button, Modal, Select, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { teamsWhere } from "~/api/permissions";
import { useCreateProject, useProjects } from "~/api/projects";
import { useSession } from "~/api/session";
import { number } from "~/components/format";
import { notifyFailure } from "~/components/notify";
import { Page } from "~/components/page";
import { Loaded, Sentence } from "~/components/sentence";
import classes from "./projects.module.css";

export function Component() {
  const { t } = useTranslation();
  const projects = useProjects();
  const { data: session } = useSession();
  const [creating, dialog] = useDisclosure(false);
  const teams = teamsWhere(session, "project.edit");
  return (
    <Page
      title={t("nav.projects")}
      actions={teams.length > 0 && <Button onClick={dialog.open}>{t("projects.new")}</Button>}
    >
      <Loaded query={projects}>
        {(list) =>
          list.length === 0 ? (
            <Sentence>{t("projects.empty")}</Sentence>
          ) : (
            <ul className={classes.cards}>
              {list.map((project) => (
                <li key={project.id} className="panel">
                  <Link to={`/projects/${project.id}`} className={classes.cardTitle}>
                    {project.name}
                  </Link>
                  <p className="quiet">
                    {project.team.name} ·{" "}
                    {t("projects.prompts", {
                      count: project.prompts_count,
                      shown: number(project.prompts_count),
                    })}
                  </p>
                  {project.description && <p>{project.description}</p>}
                </li>
              ))}
            </ul>
          )
        }
      </Loaded>
      <Modal opened={creating} onClose={dialog.close} title={t("projects.new")} centered>
        <NewProject teams={teams} />
      </Modal>
    </Page>
  );
}

function NewProject({ teams }: { teams: { id: string; name: string }[] }) {
  const { t } = useTranslation();
  const create = useCreateProject();
  const navigate = useNavigate();
  const form = useForm({
    mode: "uncontrolled",
    initialValues: { team: teams[0]?.id ?? "", name: "", description: "" },
    validate: { name: (value) => (value.trim() ? null : t("projects.nameMissing")) },
  });
  return (
    <form
      className={classes.form}
      onSubmit={form.onSubmit((values) =>
        create.mutate(values, {
          onSuccess: (project) => void navigate(`/projects/${project.id}`),
          onError: notifyFailure,
        }),
      )}
    >
      <TextInput
        data-autofocus
        label={t("projects.name")}
        key={form.key("name")}
        {...form.getInputProps("name")}
      />
      <Select
        label={t("nav.team")}
        data={teams.map((team) => ({ value: team.id, label: team.name }))}
        allowDeselect={false}
        key={form.key("team")}
        {...form.getInputProps("team")}
      />
      <Textarea
        label={t("projects.description")}
        autosize
        minRows={2}
        key={form.key("description")}
        {...form.getInputProps("description")}
      />
      <Button type="submit" loading={create.isPending}>
        {t("action.create")}
      </Button>
    </form>
  );
}
