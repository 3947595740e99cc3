import { Button, Checkbox, Select } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { exportUrl, useFormats } from "~/api/exchange";
import type { Round } from "~/api/types";
import { Loaded } from "~/components/sentence";
import classes from "./projects.module.css";
import { useShapeName } from "./use-shape-name";

/** Choose what and how; the server makes the file while it is downloaded. */
export function ExportFile({ projectId, rounds }: { projectId: string; rounds: Round[] }) {
  const { t } = useTranslation();
  const shapeName = useShapeName();
  const formats = useFormats();
  const [shape, setShape] = useState("rows");
  const [file, setFile] = useState<string>();
  const [round, setRound] = useState("");
  const [split, setSplit] = useState("");
  const [weights, setWeights] = useState(false);
  return (
    <Loaded query={formats}>
      {({ formats: every }) => {
        const written = every.filter((format) => format.files_out.length > 0);
        const format = written.find(({ name }) => name === shape);
        const kinds = format?.files_out ?? [];
        const kind = file && kinds.includes(file) ? file : kinds[0];
        const isWhole = format?.holds === "project";
        return (
          <div className={classes.exports}>
            <Select
              label={t("projects.files.what")}
              data={written.map(({ name }) => ({
                value: name,
                label: shapeName(name),
              }))}
              value={shape}
              onChange={(value) => value && setShape(value)}
              allowDeselect={false}
            />
            <Select
              label={t("projects.files.kind")}
              data={[...kinds]}
              value={kind}
              onChange={(value) => value && setFile(value)}
              allowDeselect={false}
            />
            {format?.by_round && (
              <Select
                label={t("projects.files.ofRound")}
                data={[
                  { value: "", label: t("projects.files.allRounds") },
                  ...rounds.map(({ number }) => ({
                    value: String(number),
                    label: t("round", { number }),
                  })),
                ]}
                value={round}
                onChange={(value) => setRound(value ?? "")}
                allowDeselect={false}
              />
            )}
            {isWhole ? (
              <Checkbox
                label={t("projects.files.weights")}
                checked={weights}
                onChange={(event) => setWeights(event.currentTarget.checked)}
              />
            ) : (
              <Select
                label={t("projects.split")}
                data={[
                  { value: "", label: t("projects.files.bothSplits") },
                  { value: "train", label: t("projects.splitName.train") },
                  { value: "eval", label: t("projects.splitName.eval") },
                ]}
                value={split}
                onChange={(value) => setSplit(value ?? "")}
                allowDeselect={false}
              />
            )}
            <Button
              component="a"
              download
              href={exportUrl(projectId, {
                shape,
                file: kind,
                round: format?.by_round && round ? Number(round) : undefined,
                split: isWhole || !split ? undefined : (split as "train" | "eval"),
                with_weights: isWhole && weights ? true : undefined,
              })}
            >
              {t("projects.files.download")}
            </Button>
          </div>
        );
      }}
    </Loaded>
  );
}
