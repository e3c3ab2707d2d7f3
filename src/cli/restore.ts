// Holds `restore`, whose other half is `backup`.

export { registerRestore as register } from './backup.ts'
