package jobs

// Patience is for tests.
var Patience = patience
