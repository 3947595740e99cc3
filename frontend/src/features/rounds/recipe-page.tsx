import { useTranslation } from "react-i18next";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { useProject } from "~/api/projects";
import { useChangeRecipe, useCreateRound, useMoveRound, useRecipes, useRound } from "~/api/rounds";
import type { Recipe, Recipes } from "~/api/types";
import { notifyFailure } from "~/components/notify";
import { LoadedPage, Page } from "~/components/page";
import { Loaded } from "~/components/sentence";
import { RecipeForm } from "./recipe-form";

/** `/projects/:projectId/new-round`, from the default recipe or a copy of another round's. */
export function NewRound() {
  const { t } = useTranslation();
  const { projectId = "" } = useParams();
  const [parameters] = useSearchParams();
  const copied = parameters.get("copy");
  const project = useProject(projectId);
  const recipes = useRecipes();
  return (
    <Page
      narrow
      title={t("projects.newRound")}
      lead={t("recipe.lead")}
      crumbs={[
        { label: t("nav.projects"), to: "/projects" },
        { label: project.data?.name ?? "…", to: `/projects/${projectId}` },
      ]}
    >
      <Loaded query={project}>
        {({ prompts_count, policy }) => (
          <Loaded query={recipes}>
            {(known) =>
              copied ? (
                <Copied roundId={copied} projectId={projectId} known={known} />
              ) : (
                <Create
                  projectId={projectId}
                  known={known}
                  recipe={fitted(known.default, prompts_count, policy)}
                />
              )
            }
          </Loaded>
        )}
      </Loaded>
    </Page>
  );
}

/** The default recipe with the project's own policy, asking for no more prompts than there are. */
function fitted(
  recipe: Recipe,
  prompts: number,
  policy: {
    task_kind: Recipe["tasks"]["kind"];
    responses_per_prompt: number;
    labels_wanted: number;
  },
): Recipe {
  return {
    ...recipe,
    prompts: { ...recipe.prompts, count: Math.max(1, Math.min(recipe.prompts.count, prompts)) },
    generation: recipe.generation && {
      ...recipe.generation,
      responses_per_prompt: policy.responses_per_prompt,
    },
    tasks: { ...recipe.tasks, kind: policy.task_kind, labels_wanted: policy.labels_wanted },
  };
}

function Copied(props: { roundId: string; projectId: string; known: Recipes }) {
  const round = useRound(props.roundId, 0);
  return (
    <Loaded query={round}>
      {({ recipe }) => <Create projectId={props.projectId} known={props.known} recipe={recipe} />}
    </Loaded>
  );
}

function Create({
  projectId,
  known,
  recipe,
}: {
  projectId: string;
  known: Recipes;
  recipe: Recipe;
}) {
  const create = useCreateRound(projectId);
  const move = useMoveRound();
  const navigate = useNavigate();
  return (
    <RecipeForm
      recipe={recipe}
      known={known}
      projectId={projectId}
      busy={create.isPending || move.isPending}
      error={create.error}
      onSubmit={(wanted, start) =>
        create.mutate(wanted, {
          onSuccess: (round) => {
            const open = () => void navigate(`/rounds/${round.id}`);
            if (!start) return open();
            move.mutate(
              { id: round.id, move: "start" },
              { onSuccess: open, onError: (error) => [notifyFailure(error), open()] },
            );
          },
        })
      }
    />
  );
}

/** `/rounds/:id/recipe`: the recipe of a draft. */
export function EditRecipe() {
  const { t } = useTranslation();
  const { id = "" } = useParams();
  const round = useRound(id, 0);
  const recipes = useRecipes();
  const change = useChangeRecipe(id);
  const move = useMoveRound();
  const navigate = useNavigate();
  const { project, number, recipe } = round.data ?? {};
  if (!project || !number || !recipe) return <LoadedPage query={round}>{() => null}</LoadedPage>;
  if (!recipes.data) return <LoadedPage query={recipes}>{() => null}</LoadedPage>;
  return (
    <Page
      narrow
      title={t("rounds.editRecipe")}
      crumbs={[
        { label: project.name, to: `/projects/${project.id}` },
        { label: t("round", { number }), to: `/rounds/${id}` },
      ]}
    >
      <RecipeForm
        recipe={recipe}
        known={recipes.data}
        projectId={project.id}
        busy={change.isPending || move.isPending}
        error={change.error}
        onSubmit={(wanted, start) =>
          change.mutate(wanted, {
            onSuccess: () => {
              const open = () => void navigate(`/rounds/${id}`);
              if (!start) return open();
              move.mutate(
                { id, move: "start" },
                { onSuccess: open, onError: (error) => [notifyFailure(error), open()] },
              );
            },
          })
        }
      />
    </Page>
  );
}
