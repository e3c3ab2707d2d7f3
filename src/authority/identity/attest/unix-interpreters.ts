// Holds which programs run whatever they are told to: knowing that one of them runs says nothing about what it does.

/**
 * Names of programs that are interpreters, shells, loaders or debuggers, without version and path. The list cannot be whole: a
 * copy under another name is none of these, and is worth what its directory is worth.
 */
const INTERPRETERS = new Set(
  [
    // shells
    'sh bash dash zsh fish ksh ksh93 mksh csh tcsh ash busybox toybox pwsh powershell nu elvish xonsh',
    // languages
    'node nodejs bun deno tsx ts-node python pypy ipython perl ruby irb jruby php php-cgi php-fpm lua luajit',
    'tclsh wish expect guile racket scheme clisp sbcl ecl emacs java javaw jshell groovy scala kotlin clojure',
    'dotnet mono fsi Rscript R julia octave erl elixir iex escript beam.smp beam ghci runghc ocaml qjs d8 gjs',
    'awk gawk mawk nawk sed bc dc m4 make gmake ninja sqlite3 psql vim vi nvim ex ed nano',
    // what starts or carries others
    'env nice nohup timeout setsid stdbuf xargs find tmux screen script sudo su doas ssh ld.so qemu wine wine64',
    'gdb lldb strace ltrace unshare nsenter chroot bwrap firejail docker podman runc crun',
  ]
    .join(' ')
    .split(' '),
)

/** True for a file name such as `node`, `python3.13`, `php8.4-cgi`, `ld-linux-x86-64.so.2` or `qemu-x86_64`. */
export function isInterpreter(fileName: string): boolean {
  if (/^ld(?:-linux.*|-musl.*|-\d.*)?\.so/.test(fileName)) return true
  const plain = fileName
    .replace(/\.(?:real|bin|static|exe)$/, '')
    .replace(/^busybox\..*/, 'busybox')
  const unversioned = plain.replace(/[-.]?\d[\d.]*[a-z]?(?=-|$)/, '')
  const family = plain.replace(/[-.\d].*$/, '')
  return [plain, unversioned, family].some((name) => INTERPRETERS.has(name))
}

/** The last part of a path. */
export function fileNameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1)
}
