// Where the API and the sign-in are: config.json beside the page, written by the deployment.

let loaded = null;

export async function readConfig() {
  loaded = await (await fetch("config.json", { cache: "no-cache" })).json();
}

export const config = () => loaded;
