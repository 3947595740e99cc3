import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { del, get, patch, post } from "./client";
import type { InvitationPreview, Membership, Session, Token } from "./types";

export const sessionQuery = {
  queryKey: ["session"],
  queryFn: () => get<Session>("/api/session/"),
  staleTime: 60_000,
};

export const useSession = () => useQuery(sessionQuery);

function useSessionMutation<Input>(send: (input: Input) => Promise<Session>) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: send,
    onSuccess: (session) => {
      // Whatever the person before was shown must not be shown to this one.
      client.removeQueries({ predicate: (query) => query.queryKey[0] !== "session" });
      client.setQueryData(sessionQuery.queryKey, session);
    },
  });
}

export const useSignIn = () =>
  useSessionMutation((input: { email: string; password: string }) =>
    post<Session>("/api/session/", { body: input }),
  );

export const useSignUp = () =>
  useSessionMutation(
    (input: { email: string; password: string; name: string; invitation?: string }) =>
      post<Session>("/api/account/", { body: input }),
  );

export const useSignOut = () =>
  useSessionMutation(async (_: undefined) => {
    await del("/api/session/");
    return get<Session>("/api/session/");
  });

export function useUpdateAccount() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: { name?: string; language?: string }) =>
      patch<unknown>("/api/account/", { body: input }),
    onSettled: () => client.invalidateQueries({ queryKey: ["session"] }),
  });
}

export const useInvitationPreview = (token: string) =>
  useQuery({
    queryKey: ["invitation", token],
    queryFn: () =>
      get<InvitationPreview>("/api/invitations/by-token/{token}/", { path: { token } }),
  });

export function useAcceptInvitation(token: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: () =>
      post<Membership>("/api/invitations/by-token/{token}/accept/", { path: { token } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["session"] }),
  });
}

export const useTokens = () =>
  useQuery({
    queryKey: ["tokens"],
    queryFn: async () => listed(await get<Token[] | { results: Token[] }>("/api/tokens/")),
  });

export function useCreateToken() {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: { name: string; expires_at?: string }) =>
      post<Token>("/api/tokens/", { body: input }),
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

/** Some lists are short and come whole, others come in pages. */
export function listed<T>(answer: T[] | { results: T[] }): T[] {
  return Array.isArray(answer) ? answer : answer.results;
}
