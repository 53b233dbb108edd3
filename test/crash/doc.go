// Package crash kills the real program between any two of the statements that it sends to its database, while a simulated Twilio
// calls people with it, and holds what is left against what was true: nothing may be lost, nothing doubled and nobody called
// twice. Kills at moments that nobody chose are those of package soak.
package crash
