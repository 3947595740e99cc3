import account from "./account";
import common from "./common";
import dashboard from "./dashboard";

export default { ...common, account, dashboard };
