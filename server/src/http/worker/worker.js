// Opens the app without a network. The server fills in the release and its files.
'use strict';

const RELEASE = __RELEASE__;
const SHELL = __SHELL__;
const FILES = __FILES__;

const PREFIX = 'daybook-';
const CACHE = PREFIX + RELEASE;
// Pictures are of no release: what was seen stays, and what was seen first makes room.
const PICTURES = PREFIX + 'pictures';
const PICTURE = /^\/api\/v1\/shops\/[^/]+\/blobs\/[0-9a-f]{64}$/;
const MOST_PICTURES = 200;
// Somebody has signed out, and the server has not been told. Of no release either, so its name does not begin as theirs.
const SIGNED_OUT = 'signed-out';
const DOOR = '/sign-in';
// How long the network may take to begin its answer before the app opens from what this device keeps.
const PATIENCE = 3000;
// What a server, or a proxy before it, says when the book is not to be had.
const UNAVAILABLE = [502, 503, 504];

self.addEventListener('install', (event) => event.waitUntil(install()));
self.addEventListener('activate', (event) => event.waitUntil(activate()));
self.addEventListener('message', (event) => {
  // Only when the page says so: its person may be in the middle of something.
  if (event.data === 'take-over') self.skipWaiting();
  // It was loaded past this worker, or was on its way when this worker took up its work.
  if (event.data === 'claim') event.waitUntil(self.clients.claim());
  // Pages of earlier releases say the rest; those of this one see to it themselves.
  if (event.data === 'forget-pictures') event.waitUntil(caches.delete(PICTURES));
  if (event.data === 'signed-out') event.waitUntil(caches.open(SIGNED_OUT));
  if (event.data === 'session-ended') event.waitUntil(caches.delete(SIGNED_OUT));
});
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (request.mode === 'navigate') {
    const opensOffline = ['/', DOOR].includes(url.pathname) || url.pathname.startsWith('/s/');
    event.respondWith(opensOffline ? page(request, url) : elsewhere(request));
  } else if (FILES.includes(url.pathname) || url.pathname.startsWith('/pkg/')) {
    event.respondWith(file(request, url));
  } else if (PICTURE.test(url.pathname)) {
    event.respondWith(picture(event, url));
  }
});

async function install() {
  const cache = await caches.open(CACHE);
  // Asked past the HTTP cache where a name does not tell the content.
  const fresh = (path) => new Request(path, { cache: path.startsWith('/pkg/') ? 'default' : 'reload' });
  const paths = [SHELL, ...FILES];
  const answers = await Promise.all(paths.map((path) => fetch(fresh(path))));
  // A hotel's sign-in page is an answer too, to each of them.
  if (!answers.every((answer) => answer.ok && isOurs(answer))) throw new Error('this is not all of the app');
  await Promise.all(paths.map((path, at) => cache.put(path, answers[at])));
}

// Pages of the release before may still be open, and one more may be waiting to follow.
async function activate() {
  const ours = (await caches.keys()).filter((name) => name.startsWith(PREFIX));
  const others = ours.filter((name) => name !== CACHE && name !== PICTURES);
  await Promise.all(others.slice(0, -1).map((name) => caches.delete(name)));
  await self.clients.claim();
}

async function file(request, url) {
  // A name in /pkg/ tells its content, so an open page of the release before finds its files in that one's cache. Any
  // other name has another content in every release. And a file is kept once for everybody: what a copy was encoded
  // for at the time of its download does not matter.
  const place = url.pathname.startsWith('/pkg/') ? caches : await caches.open(CACHE);
  const kept = await place.match(url.pathname, { ignoreVary: true });
  return kept ?? fetch(request);
}

// The name of a picture tells its content, as names in /pkg/ do.
async function picture(event, url) {
  const cache = await caches.open(PICTURES);
  const kept = await cache.match(url.pathname, { ignoreVary: true });
  if (kept) return kept;
  const answer = await fetch(event.request);
  // A device that has no room for it still shows it.
  if (answer.ok && isOurs(answer)) event.waitUntil(keep(cache, url.pathname, answer.clone()).catch(() => undefined));
  return answer;
}

async function keep(cache, name, answer) {
  await cache.put(name, answer);
  const oldestFirst = await cache.keys();
  await Promise.all(oldestFirst.slice(0, -MOST_PICTURES).map((old) => cache.delete(old, { ignoreVary: true })));
}

// Pages of a person and no shop. Who it is has to be over here too, before they are fetched.
async function elsewhere(request) {
  return (await isOut()) ? fetch(request) : Response.redirect(DOOR, 303);
}

async function page(request, url) {
  if (!(await isOut())) return url.pathname === DOOR ? ((await shell()) ?? Response.error()) : Response.redirect(DOOR, 303);
  const network = fetch(request).then((answer) => (isOurs(answer) ? answer : undefined), () => undefined);
  const patience = new Promise((resolve) => setTimeout(resolve, PATIENCE));
  const answer = await Promise.race([network, patience]);
  return answer ?? (await shell()) ?? (await network) ?? Response.error();
}

// Whether whoever signed out is out: nothing is fetched under their session before it has ended.
async function isOut() {
  if (!(await caches.has(SIGNED_OUT))) return true;
  const signal = AbortSignal.timeout(PATIENCE);
  const answer = await fetch('/session/end', { method: 'POST', signal }).catch(() => undefined);
  if (!answer?.ok || !isOurs(answer)) return false;
  await caches.delete(SIGNED_OUT);
  return true;
}

// Somebody else may answer in the book's place: a hotel's sign-in page, a proxy that has lost the server.
function isOurs(answer) {
  if (answer.type === 'opaqueredirect') return true;
  return answer.headers.has('daybook-release') && !UNAVAILABLE.includes(answer.status);
}

async function shell() {
  return (await caches.open(CACHE)).match(SHELL);
}
