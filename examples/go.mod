module github.com/parleyrtc/webrtc/examples

go 1.26.0

replace github.com/parleyrtc/webrtc => ../

require (
	github.com/coder/websocket v1.8.15
	github.com/parleyrtc/webrtc v0.0.0-00010101000000-000000000000
	github.com/pion/logging v0.2.4
	github.com/pion/rtcp v1.2.20
	github.com/pion/rtp v1.10.6
	github.com/pion/stun/v4 v4.0.1
	github.com/pion/turn/v5 v5.1.2
	github.com/wcharczuk/go-chart/v2 v2.1.2
	golang.org/x/term v0.40.0
)

require (
	github.com/golang/freetype v0.0.0-20170609003504-e2365dfdc4a0 // indirect
	github.com/parleyrtc/webrtc/pkg/websocketsignal v0.0.0-00010101000000-000000000000
	github.com/pion/dtls/v3 v3.1.15 // indirect
	github.com/pion/interceptor v0.1.49 // indirect
	github.com/pion/randutil v0.1.0 // indirect
	github.com/pion/sctp v1.11.3 // indirect
	github.com/pion/sdp/v3 v3.0.20 // indirect
	github.com/pion/srtp/v3 v3.1.0 // indirect
	github.com/pion/transport/v5 v5.0.1 // indirect
	github.com/wlynxg/anet v0.0.5 // indirect
	golang.org/x/crypto v0.48.0 // indirect
	golang.org/x/image v0.18.0 // indirect
	golang.org/x/net v0.49.0 // indirect
	golang.org/x/sys v0.41.0 // indirect
	golang.org/x/text v0.34.0 // indirect
)

replace github.com/parleyrtc/webrtc/pkg/websocketsignal => ../pkg/websocketsignal
