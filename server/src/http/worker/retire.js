// Takes a worker of an earlier release out of service: nothing is kept, every page comes from the server.
'use strict';

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(retire()));

async function retire() {
  const ours = (await caches.keys()).filter((name) => name.startsWith('daybook-') || name === 'signed-out');
  await Promise.all(ours.map((name) => caches.delete(name)));
  await self.registration.unregister();
}
