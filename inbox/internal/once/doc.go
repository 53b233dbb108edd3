// Package once is what the ready Processors have in common: the order of statements that makes an event take effect
// once, over a small seam to a transaction of their own kind.
package once
