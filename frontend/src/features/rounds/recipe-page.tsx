import { useTranslation } from "react-i18next";
import { useNavigate, useParams, useSearchParams } from "react-router";
import { useProject } from "~/api/projects";
import { useChangeDraft, useCreateRound, useRecipes, useRound, useStartRound } from "~/api/rounds";
import type { Recipe, Recipes } from "~/api/types";
import { notifyFailure } from "~/components/notify";
import { LoadedPage, Page } from "~/components/page";
import { Loaded } from "~/components/sentence";
import { RecipeForm } from "./recipe-form";
import { fitted } from "./recipe-model";

/**
 * `/projects/:projectId/new-round`: from the default recipe or a copy of another round's, and with
 * `after` as the round that starts by itself when that one is done.
 */
export function NewRound() {
  const { t } = useTranslation();
  const { projectId = "" } = useParams();
  const [parameters] = useSearchParams();
  const copied = parameters.get("copy");
  const after = parameters.get("after");
  const project = useProject(projectId);
  const recipes = useRecipes();
  return (
    <Page
      narrow
      title={t(after ? "rounds.successorNew" : "projects.newRound")}
      lead={t(after ? "rounds.successorLead" : "recipe.lead")}
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
                <Copied roundId={copied} projectId={projectId} known={known} after={after} />
              ) : (
                <Create
                  projectId={projectId}
                  known={known}
                  after={after}
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

interface Creating {
  projectId: string;
  known: Recipes;
  after: string | null;
}

/** What the other round did in the end: its recipe with what people changed. */
function Copied({ roundId, ...props }: Creating & { roundId: string }) {
  const round = useRound(roundId, 0);
  return (
    <Loaded query={round}>
      {({ effective_recipe }) => <Create {...props} recipe={effective_recipe} />}
    </Loaded>
  );
}

function Create({ projectId, known, after, recipe }: Creating & { recipe: Recipe }) {
  const { t } = useTranslation();
  const create = useCreateRound(projectId);
  const start = useStartRound();
  const navigate = useNavigate();
  return (
    <RecipeForm
      recipe={recipe}
      known={known}
      projectId={projectId}
      busy={create.isPending || start.isPending}
      error={create.error}
      save={
        after ? { label: t("rounds.successorSave"), only: true } : { label: t("recipe.saveDraft") }
      }
      onSubmit={(wanted, andStart) =>
        create.mutate(
          { recipe: wanted, after },
          {
            onSuccess: (round) => {
              const open = () => void navigate(`/rounds/${after ?? round.id}`);
              if (!andStart) return open();
              start.mutate(round.id, { onError: notifyFailure, onSettled: open });
            },
          },
        )
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
  const change = useChangeDraft(id);
  const start = useStartRound();
  const navigate = useNavigate();
  if (!round.data) return <LoadedPage query={round}>{() => null}</LoadedPage>;
  if (!recipes.data) return <LoadedPage query={recipes}>{() => null}</LoadedPage>;
  const { project, number, recipe, after } = round.data;
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
        busy={change.isPending || start.isPending}
        error={change.error}
        save={{ label: t("action.save"), only: after !== null }}
        onSubmit={(wanted, andStart) =>
          change.mutate(
            { recipe: wanted },
            {
              onSuccess: () => {
                const open = () => void navigate(`/rounds/${id}`);
                if (!andStart) return open();
                start.mutate(id, { onError: notifyFailure, onSettled: open });
              },
            },
          )
        }
      />
    </Page>
  );
}
