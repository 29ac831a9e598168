// Two peers in one process whose descriptions travel in one piece, as text that
// could be pasted from one window into another.
package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"time"

	"github.com/pion/ice/v4"
	"github.com/pion/webrtc/v4"
)

func main() {
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetICEMulticastDNSMode(ice.MulticastDNSModeDisabled)
	api := webrtc.NewAPI(webrtc.WithSettingEngine(settings))

	offerer := must(api.NewPeerConnection(webrtc.Configuration{}))
	defer offerer.Close()
	answerer := must(api.NewPeerConnection(webrtc.Configuration{
		ICETransportPolicy: webrtc.ICETransportPolicyAll,
		BundlePolicy:       webrtc.BundlePolicyMaxBundle,
	}))
	defer answerer.Close()

	heard := make(chan string, 1)
	answerer.OnDataChannel(func(d *webrtc.DataChannel) {
		d.OnMessage(func(msg webrtc.DataChannelMessage) {
			if msg.IsString {
				heard <- fmt.Sprintf("%s on %s: %s", "heard", d.Label(), msg.Data)
			}
		})
	})
	ordered, retransmits := false, uint16(3)
	channel := must(offerer.CreateDataChannel("greetings", &webrtc.DataChannelInit{
		Ordered:        &ordered,
		MaxRetransmits: &retransmits,
	}))
	channel.OnOpen(func() {
		if err := channel.SendText("good morning"); err != nil {
			panic(err)
		}
	})

	gathered := webrtc.GatheringCompletePromise(offerer)
	check(offerer.SetLocalDescription(must(offerer.CreateOffer(nil))))
	<-gathered
	check(answerer.SetRemoteDescription(decode(encode(*offerer.LocalDescription()))))

	gathered = webrtc.GatheringCompletePromise(answerer)
	check(answerer.SetLocalDescription(must(answerer.CreateAnswer(&webrtc.AnswerOptions{}))))
	<-gathered
	check(offerer.SetRemoteDescription(decode(encode(*answerer.LocalDescription()))))

	select {
	case text := <-heard:
		fmt.Println(text)
	case <-time.After(20 * time.Second):
		fmt.Fprintln(os.Stderr, "nothing heard;", offerer.ConnectionState())
		os.Exit(1)
	}
}

func encode(description webrtc.SessionDescription) string {
	return base64.StdEncoding.EncodeToString(must(json.Marshal(description)))
}

func decode(text string) (description webrtc.SessionDescription) {
	check(json.Unmarshal(must(base64.StdEncoding.DecodeString(text)), &description))
	return description
}

func must[T any](v T, err error) T {
	check(err)
	return v
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
