// Package compat holds the test that a program for pion/webrtc becomes one for
// this library when its import path changes. It compares what the packages
// export, down to signatures, fields and the values of constants, compiles
// programs of either import path, and writes docs/compatibility.md:
//
//	go test ./compat -update
//
// The test fails while the page is out of date, and for every difference
// without a reason in reasons.go.
package compat
