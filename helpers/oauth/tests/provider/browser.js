// The person: goes through the server's pages as a browser would, and presses the buttons. browser.js URL CODE confirm|abort
const [, , start, code, choice] = process.argv
const cookies = new Map()

async function visit(url, form) {
  for (let hops = 0; hops < 20; hops++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const body = form && new URLSearchParams(form)
    const response = await fetch(url, { method: body ? 'POST' : 'GET', body, headers: { cookie }, redirect: 'manual' })
    for (const line of response.headers.get('set-cookie')?.split(/,(?=[^;,]+=)/) ?? []) {
      const [, name, value] = /^\s*([^=]+)=([^;]*)/.exec(line)
      if (value) cookies.set(name, value)
      else cookies.delete(name)
    }
    const location = response.headers.get('location')
    if (!location) return { url, text: await response.text() }
    url = new URL(location, url)
    form = undefined
  }
  throw new Error('it redirects for ever')
}

// The only form of a page, filled in.
function submit(page, values) {
  const action = /<form[^>]* action="([^"]*)"/.exec(page.text)[1].replaceAll('&amp;', '&')
  const form = Object.fromEntries([...page.text.matchAll(/<input[^>]*>/g)]
    .map(([input]) => [/ name="([^"]*)"/.exec(input)?.[1], / value="([^"]*)"/.exec(input)?.[1] ?? ''])
    .filter(([name]) => name))
  return visit(new URL(action, page.url), { ...form, ...values })
}

let page = await visit(start)
page = await submit(page, { user_code: code })
page = await submit(page, choice === 'abort' ? { abort: 'yes' } : { confirm: 'yes' })
if (choice !== 'abort') {
  page = await submit(page, { login: 'somebody', password: 'any' })
  page = await submit(page, {})
}
const title = /<title>(.*?)<\/title>/.exec(page.text)?.[1]
console.log(title)
