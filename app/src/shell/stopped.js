window.daybookStopped = (problem, title = 'This page has stopped', words = 'What was saved here is safe. Load the page again to go on.') => {
  const root = document.documentElement;
  if (root.dataset.crashed) return;
  root.dataset.crashed = 'true';
  const note = { message: String(problem), page: location.pathname, at: Date.now(), folding: root.dataset.folding ?? null };
  try { localStorage.setItem('daybook:crash', JSON.stringify(note)); } catch { console.error(note); }
  const part = (name, text) => Object.assign(document.createElement(name), { textContent: text });
  const panel = part('section', '');
  panel.className = 'strip crash';
  panel.dataset.tone = 'refused';
  panel.dataset.testid = 'crash';
  panel.setAttribute('role', 'alert');
  const button = part('button', 'Load again');
  button.type = 'button';
  button.addEventListener('click', () => location.reload());
  panel.append(part('h2', title), part('p', words), button);
  document.body.prepend(panel);
};
addEventListener('error', (event) => { if (event.error) daybookStopped(event.message); });
addEventListener('unhandledrejection', (event) => daybookStopped(event.reason));
