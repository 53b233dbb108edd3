package main

import _ "time/tzdata" // the time zones, for images that have no files but the program
