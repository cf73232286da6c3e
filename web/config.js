// Where the API and the sign-in are: config.json beside the page, written when it is deployed.

let known = null;

export async function readConfig() {
  known = await (await fetch("config.json", { cache: "no-cache" })).json();
}

export const config = () => known;
