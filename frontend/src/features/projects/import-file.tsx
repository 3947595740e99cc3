import {
  Alert,
  Button,
  Checkbox,
  FileButton,
  MultiSelect,
  NumberInput,
  Select,
  Table,
} from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import { useFormats, useImportFile, useLook } from "~/api/exchange";
import type { components } from "~/api/schema";
import { number } from "~/components/format";
import { notifyFailure } from "~/components/notify";
import { asQuery, CHOSEN, type Columns, choose, HEADINGS, missing, takesMany } from "./columns";
import classes from "./projects.module.css";
import { useShapeName } from "./use-shape-name";

type Look = components["schemas"]["LookOf"];
type Outcome = components["schemas"]["ImportOutcome"];

/** Choose a file, see what it seems to hold, say what is what, read the report. */
export function ImportFile({ projectId }: { projectId: string }) {
  const { t } = useTranslation();
  const look = useLook(projectId);
  const importing = useImportFile(projectId);
  const [file, setFile] = useState<File | null>(null);
  const read = (chosen: File | null) => {
    if (!chosen) return;
    importing.reset();
    setFile(chosen);
    look.mutate(chosen, { onError: notifyFailure });
  };
  return (
    <>
      <div className={classes.toolbar}>
        <FileButton accept=".jsonl,.ndjson,.json,.csv,.tsv,.parquet,.gz,.txt" onChange={read}>
          {(properties) => (
            <Button {...properties} variant="default" loading={look.isPending}>
              {t("projects.files.choose")}
            </Button>
          )}
        </FileButton>
        <span className="quiet">{file ? file.name : t("projects.files.hint")}</span>
      </div>
      {file && look.data && !importing.data && (
        <Choices
          key={file.name + file.size}
          look={look.data}
          busy={importing.isPending}
          onImport={(choice) => importing.mutate({ file, choice }, { onError: notifyFailure })}
        />
      )}
      {importing.data && <Report outcome={importing.data} />}
    </>
  );
}

function Choices({
  look,
  busy,
  onImport,
}: {
  look: Look;
  busy: boolean;
  onImport: (choice: {
    shape: string;
    columns?: string;
    strict: boolean;
    labels_wanted: number;
  }) => void;
}) {
  const { t } = useTranslation();
  const shapeName = useShapeName();
  const formats = useFormats().data?.formats.filter((format) => format.is_read) ?? [];
  const [shape, setShape] = useState<string | null>(look.format);
  const [columns, setColumns] = useState<Columns>(look.mapping);
  const [strict, setStrict] = useState(false);
  const [labels, setLabels] = useState(1);
  const holds = formats.find((format) => format.name === shape)?.holds;
  const isTable = look.kind !== "jsonl";
  const isChosen = holds === "prompts" || holds === "responses";
  const why = missing(holds, columns, isTable);
  return (
    <div className={`panel ${classes.form}`}>
      <Select
        label={t("projects.files.format")}
        description={t("projects.files.found", { kind: look.kind })}
        placeholder={t("projects.files.unknown")}
        data={formats.map(({ name }) => ({
          value: name,
          label: shapeName(name),
        }))}
        value={shape}
        onChange={setShape}
        allowDeselect={false}
      />
      <Preview look={look} />
      {isChosen && isTable && (
        <fieldset className={classes.columnsOf}>
          <legend>{t("projects.files.columns")}</legend>
          {CHOSEN.map((field) => (
            <MultiSelect
              key={field}
              label={t(`projects.files.field.${field}`)}
              data={[
                ...look.columns,
                ...(field === "models"
                  ? [{ value: HEADINGS, label: t("projects.files.headings") }]
                  : []),
              ]}
              value={[...(columns[field] ?? [])]}
              maxValues={takesMany(field) ? undefined : 1}
              clearable
              onChange={(chosen) => setColumns(choose(columns, field, chosen))}
            />
          ))}
        </fieldset>
      )}
      {holds === "responses" && (
        <NumberInput
          label={t("projects.files.labelsWanted")}
          min={1}
          max={100}
          value={labels}
          onChange={(value) => setLabels(Number(value) || 1)}
        />
      )}
      <Checkbox
        label={t("projects.files.strict")}
        checked={strict}
        onChange={(event) => setStrict(event.currentTarget.checked)}
      />
      {why && <p className="quiet">{t(`projects.files.missing.${why}`)}</p>}
      <Button
        disabled={why !== null}
        loading={busy}
        onClick={() =>
          onImport({
            shape: shape ?? "auto",
            columns: isChosen && isTable ? asQuery(columns) : undefined,
            strict,
            labels_wanted: labels,
          })
        }
      >
        {t("projects.files.import")}
      </Button>
    </div>
  );
}

/** The first rows as they stand in the file: text, never markup. */
function Preview({ look }: { look: Look }) {
  const { t } = useTranslation();
  return (
    <Table.ScrollContainer minWidth={520}>
      <Table aria-label={t("projects.files.preview")}>
        <Table.Thead>
          <Table.Tr>
            {look.columns.map((column) => (
              <Table.Th key={column}>{column}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {look.rows.map((row, place) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: rows of a file have nothing but a place
            <Table.Tr key={place}>
              {look.columns.map((column) => (
                <Table.Td key={column} className={classes.promptCell} dir="auto">
                  {shown(row[column])}
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Table.ScrollContainer>
  );
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return "";
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length > 120 ? `${text.slice(0, 119)}…` : text;
}

function Report({ outcome }: { outcome: Outcome }) {
  const { t } = useTranslation();
  const { round, errors, bad_lines: bad } = outcome;
  return (
    <Alert role="status" variant="light" color={bad > 0 ? "yellow" : undefined}>
      <p>
        {t("projects.files.stored", {
          prompts: number(outcome.prompts),
          responses: number(outcome.responses),
          tasks: number(outcome.tasks),
          labels: number(outcome.labels),
          duplicates: number(outcome.duplicates),
        })}
      </p>
      {round && (
        <p>
          <Link to={`/rounds/${round.id}`}>
            {t("projects.files.round", { number: round.number })}
          </Link>
        </p>
      )}
      {bad > 0 && (
        <>
          <p>{t("projects.files.bad", { count: bad, shown: number(bad) })}</p>
          <ul>
            {errors.slice(0, 20).map(({ line, message }) => (
              <li key={line}>{t("projects.importLine", { line: number(line), message })}</li>
            ))}
          </ul>
        </>
      )}
    </Alert>
  );
}
