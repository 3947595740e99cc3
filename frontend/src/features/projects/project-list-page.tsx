import { Button, Checkbox, FileButton, Modal, Select, Textarea, TextInput } from "@mantine/core";
import { useForm } from "@mantine/form";
import { useDisclosure } from "@mantine/hooks";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link, useNavigate } from "react-router";
import { useImportProject } from "~/api/exchange";
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
  const [archived, setArchived] = useState(false);
  const projects = useProjects(archived);
  const { data: session } = useSession();
  const [creating, dialog] = useDisclosure(false);
  const teams = teamsWhere(session, "project.edit");
  return (
    <Page
      title={t("nav.projects")}
      actions={teams.length > 0 && <Button onClick={dialog.open}>{t("projects.new")}</Button>}
    >
      <Checkbox
        mb="md"
        label={t("projects.archives.only")}
        checked={archived}
        onChange={(event) => setArchived(event.currentTarget.checked)}
      />
      <Loaded query={projects}>
        {(list) =>
          list.length === 0 ? (
            <Sentence>{t(archived ? "projects.archives.none" : "projects.empty")}</Sentence>
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
        <ImportedProject teams={teams} />
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

/** A project that was exported whole, here or elsewhere, instead of a new one. */
function ImportedProject({ teams }: { teams: { id: string; name: string }[] }) {
  const { t } = useTranslation();
  const arrive = useImportProject();
  const navigate = useNavigate();
  const [team, setTeam] = useState(teams[0]?.id ?? "");
  const read = (file: File | null) =>
    file &&
    arrive.mutate(
      { file, team, name: "" },
      {
        onSuccess: (project) => void navigate(`/projects/${project.id}`),
        onError: notifyFailure,
      },
    );
  return (
    <div className={classes.form}>
      <p className="quiet">{t("projects.files.arriveHint")}</p>
      {teams.length > 1 && (
        <Select
          label={t("projects.files.arriveIn")}
          data={teams.map(({ id, name }) => ({ value: id, label: name }))}
          value={team}
          onChange={(value) => value && setTeam(value)}
          allowDeselect={false}
        />
      )}
      <FileButton accept=".zip,application/zip" onChange={read}>
        {(properties) => (
          <Button {...properties} variant="default" loading={arrive.isPending}>
            {t("projects.files.arrive")}
          </Button>
        )}
      </FileButton>
    </div>
  );
}
