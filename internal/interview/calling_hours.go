package interview

// CallingWindow is a time of some days of the week in which people may be called, by the clock where they are.
type CallingWindow struct {
	// Days are a day or a range of days, such as "sat" or "mon-fri".
	Days string `json:"days"`
	// From and To are HH:MM; To may be 24:00, and To itself is outside.
	From string `json:"from"`
	To   string `json:"to"`
}

// CallingHours are the windows in which people may be called; nil is DefaultCallingHours.
type CallingHours []CallingWindow

// DefaultCallingHours are the hours of a campaign that names none.
func DefaultCallingHours() CallingHours {
	return CallingHours{{"mon-fri", "09:00", "20:00"}, {"sat", "10:00", "18:00"}}
}

// AllHours are all hours of all days.
func AllHours() CallingHours { return CallingHours{{"mon-sun", "00:00", "24:00"}} }
