package net.servicestack.client; public class ResponseStatus { public String errorCode, message; public java.util.ArrayList<ResponseError> errors; }
