package interop

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"time"

	"github.com/coder/websocket"
)

//go:embed page
var pageFiles embed.FS

// browsers are the commands that show a page without a window.
var browsers = map[string]func(dir, url string) (*exec.Cmd, error){
	"chromium": chromium,
	"firefox":  firefox,

	"chromium with camera": chromiumWithCamera,
	"firefox with camera":  firefoxWithCamera,

	"chromium without UDP": chromiumBehindNAT,
	"chromium with SNAP":   chromiumWithSnap,
	"chromium with SPED":   chromiumWithSped,
}

// chromium hides addresses behind mDNS names, as it does for users who have
// not shared camera or microphone.
func chromium(dir, url string) (*exec.Cmd, error) {
	path, err := exec.LookPath("chromium")
	if err != nil {
		return nil, err
	}
	return exec.Command(path, "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
		"--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-dev-shm-usage",
		"--ignore-certificate-errors", // of TURN servers
		"--user-data-dir="+dir, url), nil
}

// chromiumWithCamera has a camera and a microphone that show and play patterns.
func chromiumWithCamera(dir, url string) (*exec.Cmd, error) {
	cmd, err := chromium(dir, url)
	if err != nil {
		return nil, err
	}
	flags := []string{"--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream",
		"--autoplay-policy=no-user-gesture-required", "--mute-audio"}
	cmd.Args = slices.Insert(cmd.Args, 1, flags...)
	return cmd, nil
}

// chromiumWithSnap has INIT chunks in its descriptions (draft-hancke-tsvwg-snap-00).
func chromiumWithSnap(dir, url string) (*exec.Cmd, error) {
	cmd, err := chromium(dir, url)
	if err != nil {
		return nil, err
	}
	cmd.Args = slices.Insert(cmd.Args, 1, "--enable-blink-features=WebRtcSctpSnap", "--force-fieldtrials=WebRTC-Sctp-Snap/Enabled/")
	return cmd, nil
}

// chromiumWithSped carries the DTLS handshake in checks (draft-hancke-webrtc-sped-00).
func chromiumWithSped(dir, url string) (*exec.Cmd, error) {
	cmd, err := chromium(dir, url)
	if err != nil {
		return nil, err
	}
	cmd.Args = slices.Insert(cmd.Args, 1, "--force-fieldtrials=WebRTC-IceHandshakeDtls/Enabled/")
	return cmd, nil
}

// quiet are the preferences that keep Firefox from calling its makers.
const quiet = `
user_pref("app.normandy.enabled", false);
user_pref("app.update.disabledForTesting", true);
user_pref("browser.region.network.url", "");
user_pref("browser.safebrowsing.malware.enabled", false);
user_pref("browser.safebrowsing.phishing.enabled", false);
user_pref("browser.shell.checkDefaultBrowser", false);
user_pref("browser.aboutwelcome.enabled", false);
user_pref("captivedetect.canonicalURL", "");
user_pref("datareporting.policy.dataSubmissionEnabled", false);
user_pref("dom.push.connection.enabled", false);
user_pref("extensions.update.enabled", false);
user_pref("network.captive-portal-service.enabled", false);
user_pref("network.connectivity-service.enabled", false);
user_pref("services.settings.server", "data:,none");
user_pref("toolkit.telemetry.enabled", false);
user_pref("toolkit.telemetry.server", "data:,");
`

// fakeCamera are the preferences that give Firefox a camera and a microphone
// without asking anybody, and let pages play.
const fakeCamera = `
user_pref("media.navigator.streams.fake", true);
user_pref("media.navigator.permission.disabled", true);
user_pref("media.autoplay.default", 0);
user_pref("media.autoplay.blocking_policy", 0);
user_pref("media.gmp-manager.updateEnabled", false);
user_pref("media.gmp-manager.url", "");
`

func firefox(dir, url string) (*exec.Cmd, error) { return firefoxWith(quiet, dir, url) }

func firefoxWithCamera(dir, url string) (*exec.Cmd, error) {
	return firefoxWith(quiet+fakeCamera, dir, url)
}

func firefoxWith(preferences, dir, url string) (*exec.Cmd, error) {
	path, err := exec.LookPath("firefox-esr")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "user.js"), []byte(preferences), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(path, "--headless", "--no-remote", "--profile", dir, url)
	cmd.Env = append(os.Environ(), "HOME="+dir, "MOZ_CRASHREPORTER_DISABLE=1")
	return cmd, nil
}

// startBrowser shows the page in a browser of the given name.
func startBrowser(name string) (p peer, stop func(), err error) {
	return startBrowserAt(name, "127.0.0.1")
}

// startBrowserAt shows the page, which is served at an address.
func startBrowserAt(name, address string) (p peer, stop func(), err error) {
	listener, err := net.Listen("tcp", address+":0")
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "parley-browser")
	if err != nil {
		return nil, nil, err
	}
	connected := make(chan *wire, 1)
	server := &http.Server{Handler: pageHandler(name, connected)}
	stop = func() {
		_ = server.Close()
		_ = listener.Close()
		_ = os.RemoveAll(dir)
	}
	cmd, err := browsers[name](dir, "http://"+listener.Addr().String()+"/")
	if err == nil {
		err = startProcess(cmd)
	}
	if err != nil {
		stop()
		return nil, nil, err
	}
	release := stop
	stop = func() {
		endProcess(cmd)
		release()
	}
	go server.Serve(listener)
	select {
	case w := <-connected:
		return w, stop, nil
	case <-time.After(time.Minute):
		stop()
		return nil, nil, fmt.Errorf("%s did not show the page within a minute", name)
	}
}

// pageHandler serves the page and the WebSocket over which it is driven.
func pageHandler(name string, connected chan<- *wire) http.Handler {
	files, err := fs.Sub(pageFiles, "page")
	if err != nil {
		panic(err) // embedded
	}
	mux := http.NewServeMux()
	mux.Handle("/", http.FileServerFS(files))
	mux.HandleFunc("/peer", func(w http.ResponseWriter, r *http.Request) {
		conn, err := websocket.Accept(w, r, nil)
		if err != nil {
			return
		}
		conn.SetReadLimit(1 << 24)
		wire := newWire(name, func(data []byte) error {
			ctx, cancel := context.WithTimeout(context.Background(), callLimit)
			defer cancel()
			return conn.Write(ctx, websocket.MessageText, data)
		})
		select {
		case connected <- wire:
		default:
			return // reloaded
		}
		for {
			_, data, err := conn.Read(context.Background())
			if err != nil {
				wire.end(err)
				return
			}
			wire.deliver(data)
		}
	})
	return mux
}
