// Package interop holds the tests against real peers: browsers, other WebRTC
// libraries and pion/webrtc. They run in a network namespace of their own, so
// that nothing leaves the machine; run as root on Linux:
//
//	(cd node && npm ci)
//	go test ./...
//
// page/peer.js is the peer in a browser and in Node.js, page/media.js what a
// browser adds to it for audio and video. peers/ has the drivers of what runs in
// processes of its own, pion_test.go and media_pion_test.go the one for
// pion/webrtc. The clips that are sent are those of testdata/media.
//
// A peer that is not installed skips its tests, with the reason; with
// PARLEY_INTEROP_REQUIRED=1, as in CI, it fails them. PARLEY_FULL_RATE_TIME=60s
// has TestFullRate send for a minute each way instead of two seconds.
package interop
