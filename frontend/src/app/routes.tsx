import { createBrowserRouter } from "react-router";
import { BrokenPage, MissingPage } from "~/components/error-boundary";
import { RequireSession } from "~/components/require-session";

// Each page is a chunk of its own: a labeler never downloads the charts of a manager.
export const router = createBrowserRouter([
  {
    errorElement: <BrokenPage />,
    HydrateFallback: () => null,
    children: [
      { path: "/sign-in", lazy: () => import("~/features/account/sign-in-page") },
      { path: "/invite/:token", lazy: () => import("~/features/account/invite-page") },
      {
        element: <RequireSession />,
        children: [
          { path: "/label/:projectId", lazy: () => import("~/features/labeling/labeling-page") },
          {
            lazy: () => import("./shell"),
            children: [
              {
                errorElement: <BrokenPage />,
                children: [
                  { index: true, lazy: () => import("~/features/dashboard/home-page") },
                  { path: "/account", lazy: () => import("~/features/account/account-page") },
                  {
                    path: "/guidelines/:projectId",
                    lazy: () => import("~/features/labeling/guidelines-page"),
                  },
                  { path: "/labels", lazy: () => import("~/features/projects/labels-page") },
                  {
                    path: "/projects",
                    lazy: () => import("~/features/projects/project-list-page"),
                  },
                  { path: "/projects/:id", lazy: () => import("~/features/projects/project-page") },
                  {
                    path: "/projects/:projectId/new-round",
                    lazy: async () => ({
                      Component: (await import("~/features/rounds/recipe-page")).NewRound,
                    }),
                  },
                  { path: "/rounds/:id", lazy: () => import("~/features/rounds/round-page") },
                  {
                    path: "/rounds/:id/recipe",
                    lazy: async () => ({
                      Component: (await import("~/features/rounds/recipe-page")).EditRecipe,
                    }),
                  },
                  { path: "/jobs/:id", lazy: () => import("~/features/training/job-page") },
                  {
                    path: "/checkpoints/:id",
                    lazy: () => import("~/features/training/checkpoint-page"),
                  },
                  { path: "/datasets/:id", lazy: () => import("~/features/training/dataset-page") },
                  { path: "/teams/:id", lazy: () => import("~/features/teams/team-page") },
                  { path: "*", element: <MissingPage /> },
                ],
              },
            ],
          },
        ],
      },
    ],
  },
]);
