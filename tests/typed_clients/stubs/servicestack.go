// What servicestack-go gives, as far as the example needs it: the module is not on every proxy.
package servicestack

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
)

const (
	HttpGet    = "GET"
	HttpPost   = "POST"
	HttpPut    = "PUT"
	HttpDelete = "DELETE"
	HttpPatch  = "PATCH"
)

type ResponseError struct {
	ErrorCode string `json:"errorCode"`
	FieldName string `json:"fieldName"`
	Message   string `json:"message"`
}
type ResponseStatus struct {
	ErrorCode string          `json:"errorCode"`
	Message   string          `json:"message"`
	Errors    []ResponseError `json:"errors"`
}
type EmptyResponse struct {
	ResponseStatus *ResponseStatus `json:"responseStatus"`
}
type IdResponse struct {
	Id string `json:"id"`
}
type StringResponse struct {
	Result string `json:"result"`
}
type QueryResponse[T any] struct {
	Offset  int `json:"offset"`
	Total   int `json:"total"`
	Results []T `json:"results"`
}
type IReturn[T any] interface{ CreateResponse() T }
type WebServiceException struct{ ResponseStatus ResponseStatus }

func (e *WebServiceException) Error() string { return e.ResponseStatus.Message }

type Client struct{ url, token string }

func NewClient(url string) *Client               { return &Client{url: url} }
func (c *Client) SetBearerToken(token string)    { c.token = token }

func Send[T any](c *Client, request IReturn[T]) (answer T, err error) {
	body, err := json.Marshal(request)
	if err != nil {
		return
	}
	name := reflect.TypeOf(request).Name()
	call, err := http.NewRequest("POST", c.url+"/api/"+name, bytes.NewReader(body))
	if err != nil {
		return
	}
	call.Header.Set("Authorization", "Bearer "+c.token)
	call.Header.Set("Content-Type", "application/json")
	got, err := http.DefaultClient.Do(call)
	if err != nil {
		return
	}
	defer got.Body.Close()
	if got.StatusCode >= 300 {
		var refusal WebServiceException
		err = json.NewDecoder(got.Body).Decode(&refusal)
		if err == nil {
			err = &refusal
		}
		return
	}
	err = json.NewDecoder(got.Body).Decode(&answer)
	return
}
