// Package interop holds the tests against real peers: browsers, other WebRTC
// libraries and pion/webrtc. They run in a network namespace of their own, so
// that nothing leaves the machine; run as root on Linux:
//
//	go test ./...
//
// A peer that is not installed skips its tests, with the reason; with
// PARLEY_INTEROP_REQUIRED=1, as in CI, it fails them.
package interop
