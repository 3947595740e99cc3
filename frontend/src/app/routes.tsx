import { createBrowserRouter } from "react-router";
import { BrokenPage, MissingPage } from "~/components/error-boundary";
import { RequireSession } from "./require-session";
import { Shell } from "./shell";

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
          {
            element: <Shell />,
            children: [
              {
                errorElement: <BrokenPage />,
                children: [
                  { index: true, lazy: () => import("~/features/dashboard/home-page") },
                  { path: "/account", lazy: () => import("~/features/account/account-page") },
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
