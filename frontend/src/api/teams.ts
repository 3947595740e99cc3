import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { del, get, patch, post } from "./client";
import type { MemberStatus, Role } from "./types";

export const useTeam = (id: string) =>
  useQuery({
    queryKey: ["team", id, "detail"],
    queryFn: () => get("/api/teams/{team_id}/", { path: { team_id: id } }),
  });

export const useMembers = (teamId: string) =>
  useQuery({
    queryKey: ["team", teamId, "members"],
    queryFn: async () =>
      (
        await get("/api/teams/{team_id}/members/", {
          path: { team_id: teamId },
          query: { limit: 500 },
        })
      ).results,
  });

export function useChangeMember(teamId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: ({ id, ...change }: { id: string; role?: Role; status?: MemberStatus }) =>
      patch("/api/members/{membership_id}/", {
        path: { membership_id: id },
        body: change,
      }),
    onSettled: () => client.invalidateQueries({ queryKey: ["team", teamId] }),
  });
}

export const useInvitations = (teamId: string, enabled: boolean) =>
  useQuery({
    queryKey: ["team", teamId, "invitations"],
    queryFn: async () =>
      (await get("/api/teams/{team_id}/invitations/", { path: { team_id: teamId } })).results,
    enabled,
  });

export function useInvite(teamId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (input: { role: Role; email?: string }) =>
      post("/api/teams/{team_id}/invitations/", {
        path: { team_id: teamId },
        body: input,
      }),
    onSettled: () => client.invalidateQueries({ queryKey: ["team", teamId, "invitations"] }),
  });
}

export function useRevokeInvitation(teamId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (id: string) =>
      del("/api/invitations/{invitation_id}/", { path: { invitation_id: id } }),
    onSettled: () => client.invalidateQueries({ queryKey: ["team", teamId, "invitations"] }),
  });
}
