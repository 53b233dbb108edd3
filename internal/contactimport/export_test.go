package contactimport

// Kept is how many bytes the list takes.
func (l *CompressedList) Kept() int { return l.compressed.Len() }
