/** What the server says, by code; `python -m tests.catalogue` writes it. */
export default {
  accounts_by_invitation: "Accounts are by invitation here. Ask a manager of a team for a link.",
  no_such_token: "You have no such token.",
  not_here: "There is nothing here, or it belongs to a team you are not in.",
  request_not_from_here:
    "The request did not prove that it comes from a page of this site. Reload the page and try again ({{reason}}).",
  second_factor_needed: "Send the code of your authenticator to {{path}}.",
  sign_in_failed: "E-mail address and password do not belong together.",
  sign_in_first: "Sign in first.",
  token_makes_no_tokens: "A token cannot make tokens. Sign in with your password.",
  token_not_valid: "This token is unknown, revoked or expired. Make a new one under Account.",
  too_many_sign_ins: "Too many attempts with a wrong password. Wait a few minutes.",
} as const;
