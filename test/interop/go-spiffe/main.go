// Command go-spiffe gets an identity with the reference library of SPIFFE and calls a URL with it, all by standards.
//
// It reads SPIFFE_ENDPOINT_SOCKET, prints its SPIFFE ID, the number of roots, the subject of a JWT-SVID that it had validated, and
// the status and body of what it called; one line each.
package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/spiffe/go-spiffe/v2/spiffetls/tlsconfig"
	"github.com/spiffe/go-spiffe/v2/svid/jwtsvid"
	"github.com/spiffe/go-spiffe/v2/workloadapi"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	source, err := workloadapi.NewX509Source(ctx)
	if err != nil {
		return fmt.Errorf("x509 source: %w", err)
	}
	defer source.Close()
	svid, err := source.GetX509SVID()
	if err != nil {
		return fmt.Errorf("x509 svid: %w", err)
	}
	fmt.Println(svid.ID)
	bundle, err := source.GetX509BundleForTrustDomain(svid.ID.TrustDomain())
	if err != nil {
		return fmt.Errorf("bundle: %w", err)
	}
	fmt.Println(len(bundle.X509Authorities()))

	tokens, err := workloadapi.NewJWTSource(ctx)
	if err != nil {
		return fmt.Errorf("jwt source: %w", err)
	}
	defer tokens.Close()
	token, err := tokens.FetchJWTSVID(ctx, jwtsvid.Params{Audience: "somebody"})
	if err != nil {
		return fmt.Errorf("jwt svid: %w", err)
	}
	// Once by the library with the bundle, once by the Workload API.
	if _, err := jwtsvid.ParseAndValidate(token.Marshal(), tokens, []string{"somebody"}); err != nil {
		return fmt.Errorf("jwt svid against the bundle: %w", err)
	}
	checked, err := workloadapi.ValidateJWTSVID(ctx, token.Marshal(), "somebody")
	if err != nil {
		return fmt.Errorf("jwt svid over the workload api: %w", err)
	}
	fmt.Println(checked.ID)

	if len(args) != 3 {
		return nil
	}
	return call(ctx, source, args[0], args[1], args[2])
}

// call posts a body to a URL over mutual TLS, for a server of the same trust domain.
func call(ctx context.Context, source *workloadapi.X509Source, url, version, body string) error {
	svid, err := source.GetX509SVID()
	if err != nil {
		return err
	}
	config := tlsconfig.MTLSClientConfig(source, source, tlsconfig.AuthorizeMemberOf(svid.ID.TrustDomain()))
	client := http.Client{Transport: &http.Transport{TLSClientConfig: config}}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewBufferString(body))
	if err != nil {
		return err
	}
	request.Header.Set("content-type", "application/json")
	request.Header.Set("accept", "application/json, text/event-stream")
	request.Header.Set("mcp-protocol-version", version)
	response, err := client.Do(request)
	if err != nil {
		return fmt.Errorf("call: %w", err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	fmt.Println(response.StatusCode)
	fmt.Printf("%q\n", answer)
	return nil
}
