// Package house keeps the plan of this repository: which package may import
// which, and the habits that a reader may rely on in every file. A rule tells
// its reason when it is broken; a rule that no longer makes sense is changed
// here, in the same commit as the code that breaks it.
package house
