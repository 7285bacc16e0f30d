<?php
// What `servicestack/client` gives, as far as the example needs it: the package is on Packagist alone.
namespace ServiceStack;

interface IReturn {}
interface IReturnVoid {}
interface IGet {}
interface IPost {}
interface IPut {}
interface IDelete {}
interface IPatch {}

class Known
{
    public function fromMap($o): void { foreach ($o as $name => $value) $this->$name = $value; }
}
class ResponseStatus extends Known { public ?string $errorCode = null; public ?string $message = null; public ?array $errors = null; }
class ResponseError extends Known { public ?string $errorCode = null; public ?string $fieldName = null; public ?string $message = null; }
class QueryResponse extends Known { public int $offset = 0; public int $total = 0; public array $results = []; public $responseStatus = null; }
class EmptyResponse extends Known { public $responseStatus = null; }
class IdResponse extends Known { public ?string $id = null; public $responseStatus = null; }
class StringResponse extends Known { public ?string $result = null; public $responseStatus = null; }

class WebServiceException extends \Exception { public ResponseStatus $responseStatus; }

class JsonServiceClient
{
    public ?string $bearerToken = null;
    public function __construct(private string $url) {}
    public function send($request): mixed
    {
        $http = [
            'method' => $request->getMethod(), 'ignore_errors' => true, 'content' => json_encode($request),
            'header' => "Content-Type: application/json\r\nAuthorization: Bearer {$this->bearerToken}",
        ];
        $at = "{$this->url}/api/{$request->getTypeName()}";
        if ($http['method'] === 'GET') {
            $at .= '?' . http_build_query((array)$request->jsonSerialize());
            $http['content'] = '';
        }
        $text = file_get_contents($at, false, stream_context_create(['http' => $http]));
        $told = json_decode($text, true);
        if (!preg_match('~ 2\d\d ~', $http_response_header[0])) {
            $e = new WebServiceException($text);
            $e->responseStatus = new ResponseStatus();
            $e->responseStatus->fromMap($told['responseStatus']);
            throw $e;
        }
        $answer = $request->createResponse();
        $answer->fromMap($told);
        return $answer;
    }
}
