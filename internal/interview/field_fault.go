package interview

import "fmt"

// FieldFault is something wrong with what was said of a campaign.
type FieldFault struct {
	// Field is its name in the API, such as callingHours[0].from.
	Field string
	// Problem says what it must be, as the end of a sentence that the field begins.
	Problem string
}

func (f FieldFault) Error() string { return f.Field + " " + f.Problem }

func faultOf(field, format string, args ...any) FieldFault {
	return FieldFault{Field: field, Problem: fmt.Sprintf(format, args...)}
}
