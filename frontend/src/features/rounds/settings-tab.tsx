import { Button } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { Link } from "react-router";
import type { Recipe, Round } from "~/api/types";
import { Facts } from "~/components/facts";
import { number } from "~/components/format";
import { useMethodName } from "~/components/method-name";
import { useWriterName } from "./writer-name";

/** The recipe of the round in words; a draft can still be changed. */
export function SettingsTab({ round, editable }: { round: Round; editable: boolean }) {
  const { t } = useTranslation();
  return (
    <div className="panel">
      <RecipeFacts recipe={round.recipe} projectId={round.project.id} />
      {editable && (
        <Button
          mt="lg"
          variant="default"
          component={Link}
          to={
            round.state === "draft"
              ? `/rounds/${round.id}/recipe`
              : `/projects/${round.project.id}/new-round?copy=${round.id}`
          }
        >
          {t(round.state === "draft" ? "rounds.editRecipe" : "rounds.copy")}
        </Button>
      )}
    </div>
  );
}

function RecipeFacts({ recipe, projectId }: { recipe: Recipe; projectId: string }) {
  const { t } = useTranslation();
  const methodName = useMethodName();
  const writerName = useWriterName(projectId);
  const { prompts, generation, tasks, training, gates } = recipe;
  return (
    <Facts
      rows={[
        [t("recipe.promptCount"), number(prompts.count)],
        [t("recipe.split"), t(`recipe.splitName.${prompts.split}`)],
        [t("projects.tags"), prompts.tags.join(", ")],
        [
          t("recipe.writers"),
          generation ? generation.checkpoints.map(writerName).join(", ") : t("recipe.noGeneration"),
        ],
        [t("recipe.k"), generation && number(generation.responses_per_prompt)],
        [t("recipe.temperature"), generation && number(generation.temperature, 2)],
        [t("recipe.kind"), t(`dashboard.kind.${tasks.kind}`)],
        [t("recipe.labelsWanted"), number(tasks.labels_wanted)],
        [t("recipe.learnFrom"), t(`recipe.learnFromName.${recipe.learn_from}`)],
        [
          t("recipe.training"),
          training.length === 0
            ? t("recipe.noTraining")
            : training.map((step, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a step is its place in the recipe.
                <div key={i}>
                  {methodName(step.method)}{" "}
                  <span className="quiet">
                    {Object.entries(step.settings)
                      .map(([name, value]) => `${name} = ${value}`)
                      .join(", ") || t("recipe.defaults")}
                  </span>
                </div>
              )),
        ],
        [
          t("recipe.gates"),
          gates.length === 0 ? t("recipe.noGates") : gates.map((gate) => gate.metric).join(", "),
        ],
        [t("recipe.next"), recipe.next && t("recipe.nextFollows")],
      ]}
    />
  );
}
