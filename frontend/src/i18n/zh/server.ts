/** What the server says, by code; `python -m tests.catalogue` says what is missing. */
export default {
  accounts_by_invitation: "此处的账户需凭邀请创建。请向团队的管理者索取链接。",
  no_such_token: "您没有这个令牌。",
  not_here: "这里什么也没有，或者它属于您未加入的团队。",
  request_not_from_here: "此请求无法证明它来自本站的页面。请重新加载页面后再试（{{reason}}）。",
  second_factor_needed: "请将身份验证器的验证码发送到 {{path}}。",
  sign_in_failed: "邮箱与密码不匹配。",
  sign_in_first: "请先登录。",
  token_makes_no_tokens: "令牌不能创建令牌。请用密码登录。",
  token_not_valid: "此令牌不存在、已吊销或已过期。请在“账户”中创建新的令牌。",
  too_many_sign_ins: "密码错误次数过多。请过几分钟再试。",
};
