// Asking the admin listener, with the token if it has one. The token is kept by the
// tab, so that the page can be loaded again: in no address, and in no cookie, which
// the proxy's own port would be sent as well.

const KEPT = "pollmux admin token";

class Unauthorized extends Error {}

const kept = {
  read() {
    try { return sessionStorage.getItem(KEPT) ?? ""; } catch { return this.here ?? ""; }
  },
  write(token) {
    this.here = token;
    try { token ? sessionStorage.setItem(KEPT, token) : sessionStorage.removeItem(KEPT); } catch { /* storage is off: until the page is loaded again */ }
  },
};

// Without user and password, with which a page may have been opened, and may not fetch.
async function ask(path, signal = AbortSignal.timeout(10_000)) {
  const token = kept.read();
  if (/[^!-~]/.test(token)) throw new Unauthorized("That is not the token: it has no spaces."); // nor could it be sent
  const response = await fetch(new URL(path, location.origin + location.pathname), { cache: "no-store", signal, headers: token ? { Authorization: `Bearer ${token}` } : {} });
  if (response.status === 401) throw new Unauthorized(token ? "That is not the token." : "");
  if (!response.ok) throw new Error(response.status === 403 ? "the admin listener wants to be asked by address or as localhost" : `the admin listener answers ${response.status}`);
  return response;
}

// Waits until somebody has given a token.
function login(why) {
  say(part("login-error"), why);
  part("figures").hidden = true;
  part("login").hidden = false;
  part("forget").hidden = true;
  part("token").focus();
  return new Promise((given) => {
    part("login").onsubmit = (event) => {
      event.preventDefault();
      kept.write(part("token").value);
      part("token").value = "";
      part("login").hidden = true;
      given();
    };
  });
}

// The page has been let in.
function admitted() {
  part("login").hidden = true;
  part("figures").hidden = false;
  part("forget").hidden = !kept.read();
}

part("forget").addEventListener("click", () => {
  kept.write("");
  location.reload();
});
