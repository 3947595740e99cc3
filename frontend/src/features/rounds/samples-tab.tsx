import { Button } from "@mantine/core";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useSamples } from "~/api/rounds";
import type { RoundSample } from "~/api/types";
import { Markdown } from "~/components/markdown";
import { Messages } from "~/components/messages";
import { Loaded, Sentence } from "~/components/sentence";
import classes from "./rounds.module.css";

const PAGE = 8;

/** The same prompt answered by the old and the new checkpoint, side by side, newest writer last. */
export function SamplesTab({ roundId }: { roundId: string }) {
  const { t } = useTranslation();
  const [limit, setLimit] = useState(PAGE);
  const samples = useSamples(roundId, limit);
  return (
    <Loaded query={samples}>
      {({ results, count }) =>
        results.length === 0 ? (
          <Sentence>{t("rounds.noSamples")}</Sentence>
        ) : (
          <>
            {results.map((sample) => (
              <Sample key={sample.prompt.id} sample={sample} />
            ))}
            {count > results.length && (
              <Button variant="default" onClick={() => setLimit(limit + PAGE)}>
                {t("action.more")}
              </Button>
            )}
          </>
        )
      }
    </Loaded>
  );
}

function Sample({ sample }: { sample: RoundSample }) {
  const { t } = useTranslation();
  const writers = writersOf(sample);
  return (
    <article className={classes.sample}>
      <Messages messages={sample.prompt.messages} />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls sideways is reached by key. */}
      <div className={classes.writers} tabIndex={0}>
        {writers.map(({ id, name, responses }) => (
          <div key={id} className="panel">
            <h3 className={classes.writer}>{name || t("labels.imported")}</h3>
            {responses.map((response, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a writer's responses have no other identity here.
              <div key={i} className={classes.response}>
                <Markdown text={response.text} />
                <p className={classes.verdict}>
                  {response.rank === null
                    ? t("rounds.unranked")
                    : t("rounds.consensusRank", { rank: response.rank })}
                  {response.finish_reason === "length" && ` · ${t("rounds.cutOff")}`}
                </p>
              </div>
            ))}
          </div>
        ))}
      </div>
    </article>
  );
}

interface Writer {
  id: string;
  name: string;
  responses: RoundSample["responses"];
}

function writersOf(sample: RoundSample): Writer[] {
  const writers = new Map<string, Writer>();
  for (const response of sample.responses) {
    const id = response.checkpoint?.id ?? "";
    const writer = writers.get(id) ?? { id, name: response.checkpoint?.name ?? "", responses: [] };
    writers.set(id, { ...writer, responses: [...writer.responses, response] });
  }
  return [...writers.values()];
}
