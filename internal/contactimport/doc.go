// Package contactimport reads lists of contacts, CSV or JSON, as they come from spreadsheets and other systems, and adds them to a
// campaign part by part: what is wrong with a row refuses that row, by name, and no other. A preview takes the same way and changes
// nothing, so that both agree row for row.
package contactimport
