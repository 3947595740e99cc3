import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { del, get, patch, post } from "./client";
import type { Session } from "./types";

export const sessionQuery = {
  queryKey: ["session"],
  queryFn: () => get("/api/session/"),
  staleTime: 60_000,
};

export const useSession = () => useQuery(sessionQuery);

function useSessionMutation<Input>(send: (input: Input) => Promise<Session>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: (session) => {
      // Whatever the person before was shown must not be shown to this one; an invitation is
      // nobody's yet.
      client.removeQueries({
        predicate: ({ queryKey }) => queryKey[0] !== "session" && queryKey[0] !== "invitation",
      });
      client.setQueryData(sessionQuery.queryKey, session);
    },
  });
}

export const useSignIn = () =>
  useSessionMutation((input: { email: string; password: string }) =>
    post("/api/session/", { body: input }),
  );

export const useSignUp = () =>
  useSessionMutation(
    async ({
      language,
      ...input
    }: {
      email: string;
      password: string;
      name: string;
      language: "en" | "zh-hans";
      invitation?: string;
    }) => {
      const session = await post("/api/account/", { body: input });
      // The account keeps the language it was made in.
      const user = await patch("/api/account/", { body: { language } });
      return { ...session, user };
    },
  );

export const useSignOut = () =>
  useSessionMutation(async (_: undefined) => {
    await del("/api/session/");
    return get("/api/session/");
  });

export function useUpdateAccount() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: { name?: string; language?: "en" | "zh-hans" }) =>
      patch("/api/account/", { body: input }),
    onSettled: () => client.invalidateQueries({ queryKey: ["session"] }),
  });
}

export const useInvitationPreview = (token: string) =>
  useQuery({
    queryKey: ["invitation", token],
    queryFn: () => get("/api/invitations/by-token/{token}/", { path: { token } }),
  });

export function useAcceptInvitation(token: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () => post("/api/invitations/by-token/{token}/accept/", { path: { token } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["session"] }),
  });
}

export const useTokens = () =>
  useQuery({
    queryKey: ["tokens"],
    queryFn: async () => (await get("/api/tokens/")).results,
  });

export function useCreateToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: { name: string; expires_at?: string }) =>
      post("/api/tokens/", { body: input }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["tokens"] }),
  });
}

export function useRevokeToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) => del("/api/tokens/{token_id}/", { path: { token_id: id } }),
    onSettled: () => client.invalidateQueries({ queryKey: ["tokens"] }),
  });
}
